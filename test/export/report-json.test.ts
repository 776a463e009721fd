import { expect, it } from 'vitest';
import { toReportJson } from '../../export/report-json.ts';
import { sampleReport, sampleScenario } from '../support/sample-report.ts';

it('is the report itself where there is nothing to hide', () => {
  const report = sampleReport([sampleScenario('passed'), sampleScenario('errored')]);
  expect(JSON.parse(toReportJson(report))).toEqual(report);
  expect(toReportJson(report)).toMatch(/\n$/);
});
