/** Names one table. */
export interface TableId {
  readonly project: string;
  readonly dataset: string;
  readonly table: string;
}

/** As the Storage Write API names it, and as write streams' names begin. */
export function tablePath({ project, dataset, table }: TableId): string {
  return `projects/${project}/datasets/${dataset}/tables/${table}`;
}

/** The table's default stream: at least once, without offsets. */
export function defaultStreamOf(id: TableId): string {
  return `${tablePath(id)}/streams/_default`;
}

/** As it stands in GoogleSQL. */
export function sqlName({ project, dataset, table }: TableId): string {
  return `\`${project}.${dataset}.${table}\``;
}
