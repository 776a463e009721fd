/** The contract's types as the views use them; what stands here is all that views know of a host. */
export type { ExportedFile, ExportPreview, PolicyFile, ScenarioSummary } from '../../bridge/contract.ts';
