/** What an instance uses, beside what its sidecar costs: a line each, and the numbers. */
import type { ReactNode } from 'react';
import { bytesWords } from '../../../model/bytes-words.ts';
import { type UsageRate, usageRate } from '../../../model/usage.ts';
import { Section } from '../../components/inspector.tsx';
import { Lines } from '../../components/lines.tsx';
import { safeText } from '../../reading/safe-text.ts';
import { useUsageSamples } from '../../store/usage-samples.ts';

const SLOTS = 59;
/** A tenth of a processor. */
const LEAST = 0.1;

function percent(cores: number | null): string {
  return cores === null ? '–' : `${(cores * 100).toFixed(1)} %`;
}

function perSecond(rate: number | null): string {
  return rate === null ? '–' : `${bytesWords(Math.round(rate))}/s`;
}

/** The section of an instance's details. */
export function Usage({ instance }: { instance: string }): ReactNode {
  const { samples, error } = useUsageSamples();
  const rates = samples.slice(1).flatMap((now, index): UsageRate[] => {
    const before = samples[index];
    return before === undefined ? [] : [usageRate(instance, before, now)];
  });
  const last = rates.at(-1);
  const sidecars = samples.at(-1)?.sidecars ?? null;
  if (error !== null)
    return (
      <Section title="Usage">
        <p className="deny">{safeText(error, 300)}</p>
      </Section>
    );
  if (last === undefined)
    return (
      <Section title="Usage">
        <p className="sub">Measuring…</p>
      </Section>
    );
  return (
    <Section title="Usage">
      <Lines
        slots={SLOTS}
        least={LEAST}
        label={`Processor of ${instance} in the last two minutes: now ${percent(last.cpu)}, its sidecar about ${percent(last.sidecarCpu)}`}
        series={[
          { name: 'service', tone: 'main', values: rates.map(({ cpu }) => cpu) },
          { name: 'sidecar', tone: 'second', values: rates.map(({ sidecarCpu }) => sidecarCpu) },
        ]}
      />
      <table className="usage">
        <thead>
          <tr>
            <th scope="col">now</th>
            <th scope="col" className="num">
              <i className="key main" aria-hidden="true" /> service
            </th>
            <th scope="col" className="num">
              <i className="key second" aria-hidden="true" /> its sidecar
            </th>
          </tr>
        </thead>
        <tbody>
          <tr>
            <th scope="row">processor</th>
            <td className="num">{percent(last.cpu)}</td>
            <td
              className="num"
              title="The sidecars share a thread; its time is shared out by messages and bytes, so this is an estimate."
            >
              {last.sidecarCpu === null ? '–' : `≈ ${percent(last.sidecarCpu)}`}
            </td>
          </tr>
          <tr>
            <th scope="row">memory</th>
            <td className="num">{last.memoryBytes === null ? '–' : bytesWords(last.memoryBytes)}</td>
            <td className="num" title="One heap serves all sidecars: nobody's part can be told.">
              {sidecars === null ? '–' : `${bytesWords(sidecars.memoryBytes)} for all`}
            </td>
          </tr>
          <tr>
            <th scope="row">received</th>
            <td className="num">{perSecond(last.received)}</td>
            <td className="num">–</td>
          </tr>
          <tr>
            <th scope="row">sent</th>
            <td className="num">{perSecond(last.sent)}</td>
            <td className="num">–</td>
          </tr>
        </tbody>
      </table>
    </Section>
  );
}
