import type { TableRef } from "../schema/table.ts";

export interface StreamName {
  readonly table: TableRef;
  /** The table's default stream: no offsets, at least once. */
  readonly isDefault: boolean;
}

const TABLE = /^projects\/([^/]+)\/datasets\/([^/]+)\/tables\/([^/]+)$/;
const STREAM = /^(projects\/[^/]+\/datasets\/[^/]+\/tables\/[^/]+)(?:\/streams)?\/([^/]+)$/;

/** `projects/P/datasets/D/tables/T` */
export function parseTablePath(path: string): TableRef | undefined {
  const [, projectId, datasetId, tableId] = TABLE.exec(path) ?? [];
  return projectId === undefined || datasetId === undefined || tableId === undefined
    ? undefined
    : { projectId, datasetId, tableId };
}

/** `…/streams/S`, and `…/tables/T/_default`, the short form of the default stream's name. */
export function parseStreamName(name: string): StreamName | undefined {
  const [, tablePath, stream] = STREAM.exec(name) ?? [];
  const table = tablePath === undefined ? undefined : parseTablePath(tablePath);
  if (!table || (stream !== "_default" && !name.includes("/streams/"))) return undefined;
  return { table, isDefault: stream === "_default" };
}
