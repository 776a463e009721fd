/** Policies: the files as they are on disk, with how many requests each rule decided. */
import { Shield, TriangleAlert } from 'lucide-react';
import { type ReactNode, useMemo } from 'react';
import { CodeLines } from '../../components/code-lines.tsx';
import { Inspector, Section } from '../../components/inspector.tsx';
import { Loading, Notice } from '../../components/notice.tsx';
import { ProblemList } from '../../components/problem-list.tsx';
import { Tag } from '../../components/tag.tsx';
import { useListKeys } from '../../components/use-list-keys.ts';
import { plural } from '../../reading/format.ts';
import { lastEditWords } from '../../reading/last-edit.ts';
import { fileAt, projectPath } from '../../reading/policy-place.ts';
import type { PolicyFile } from '../../store/contract.ts';
import { usePolicyFiles } from '../../store/host-data.ts';
import { goTo, select, usePlace } from '../../store/selection.ts';
import { useWindow } from '../../store/window-store.ts';

/** Decided requests by file and line. */
function useHits(files: readonly PolicyFile[]): ReadonlyMap<string, ReadonlyMap<number, number>> {
  const hits = useWindow((state) => state.hits);
  return useMemo(() => {
    const byFile = new Map<string, Map<number, number>>();
    for (const { ref, hits: number } of hits.values()) {
      const path = projectPath(files, ref.at.file);
      const lines = byFile.get(path) ?? new Map<number, number>();
      byFile.set(path, lines.set(ref.at.line, (lines.get(ref.at.line) ?? 0) + number));
    }
    return byFile;
  }, [hits, files]);
}

function sum(lines: ReadonlyMap<number, number> | undefined): number {
  return [...(lines?.values() ?? [])].reduce((all, one) => all + one, 0);
}

function FileList({
  files,
  selected,
  hits,
}: {
  files: readonly PolicyFile[];
  selected: string;
  hits: ReadonlyMap<string, ReadonlyMap<number, number>>;
}): ReactNode {
  const keys = useListKeys({
    length: files.length,
    at: files.findIndex((one) => one.path === selected),
    move: (index) => select({ file: files[index]?.path ?? '', line: '' }),
  });
  return (
    <div
      className="scroll options"
      role="listbox"
      aria-label="Policy files"
      tabIndex={0}
      onKeyDown={keys}
      aria-activedescendant={`policy-${selected}`}
    >
      {files.map((one) => (
        <div
          key={one.path}
          id={`policy-${one.path}`}
          role="option"
          aria-selected={one.path === selected}
          className={one.path === selected ? 'option on' : 'option'}
          onClick={() => select({ file: one.path, line: '' })}
        >
          <span className="cut mono">{one.path}</span>
          <span className="sub num">
            {sum(hits.get(one.path)) > 0 ? plural(sum(hits.get(one.path)), 'hit') : ''}
          </span>
        </div>
      ))}
    </div>
  );
}

function Rules({ file }: { file: string }): ReactNode {
  const hits = useWindow((state) => state.hits);
  const rules = [...hits.values()]
    .filter((one) => fileAt([{ path: file }], one.ref.at.file))
    .sort((a, b) => b.hits - a.hits);
  return (
    <Section title="Rules that decided">
      {rules.length === 0 ? (
        <p className="sub">No request was decided by a rule of this file in this recording.</p>
      ) : null}
      <ul className="pair-list">
        {rules.map(({ ref, hits: number }) => (
          <li key={`${ref.at.line}${ref.name}`}>
            <button type="button" onClick={() => goTo('traffic', { filter: `policy:"${ref.name}"` })}>
              <b>
                {ref.name}
                {ref.rule === null ? '' : `[${ref.rule}]`}
              </b>
              <Tag tone={ref.action === 'DENY' ? 'deny' : 'allow'}>{ref.action}</Tag>
              <span className="num">{plural(number, 'hit')}</span>
            </button>
          </li>
        ))}
      </ul>
    </Section>
  );
}

/** The view. */
export function PoliciesView(): ReactNode {
  const files = usePolicyFiles();
  const hits = useHits(files.status === 'ready' ? files.value : NONE);
  const { params } = usePlace();
  const problems = useWindow((state) => state.session?.problems ?? NONE);
  const inForce = useWindow((state) => state.session?.snapshot.inForce ?? null);
  if (files.status === 'loading') return <Loading what="the policies" />;
  if (files.status === 'failed') {
    return (
      <Notice icon={TriangleAlert} title="The policies can’t be read" tone="deny">
        {files.error}
      </Notice>
    );
  }
  const file = fileAt(files.value, params['file'] ?? '') ?? files.value[0];
  if (!file) {
    return (
      <Notice icon={Shield} title="No policy file">
        <code>spec.policies</code> of greenroom.yaml names none: everything is allowed by default.
      </Notice>
    );
  }
  const own = problems.filter((problem) => problem.at && fileAt([file], problem.at.file));
  const line = Number(params['line'] ?? 0);
  const marked = line > 0 ? [line] : own.flatMap((problem) => problem.at?.line ?? []);
  return (
    <div className="view three">
      <div className="list-column">
        <header className="list-head">
          <h2>Policies</h2>
          <span className="sub">{plural(files.value.length, 'file')}</span>
        </header>
        <FileList files={files.value} selected={file.path} hits={hits} />
      </div>
      <div className="column preview">
        <header className="preview-head">
          <b className="mono">{file.path}</b>
          <span className="sub">as on disk; edit it in your editor, it is read again at once</span>
        </header>
        <CodeLines
          text={file.text.replace(/\n$/, '')}
          label={file.path}
          marked={marked}
          tone={line > 0 ? 'info' : 'deny'}
          hits={hits.get(file.path) ?? NO_HITS}
          reveal
        />
      </div>
      <Inspector
        title={inForce === null ? 'Not in force yet' : `Version ${inForce} in force`}
        sub={lastEditWords(problems)}
      >
        {problems.length > 0 ? (
          <Section title="Problems of the last edit">
            <ProblemList problems={problems} />
          </Section>
        ) : null}
        <Rules file={file.path} />
      </Inspector>
    </div>
  );
}

const NONE: never[] = [];
const NO_HITS: ReadonlyMap<number, number> = new Map();
