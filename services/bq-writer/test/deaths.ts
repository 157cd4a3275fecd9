/** Where the fixture's process can end: between any two things that it does to the world. */
export const DEATHS = [
  "before finalize",
  "after finalize",
  "before question",
  "before create",
  "after create",
  "before append",
  "during append",
  "after append",
  "after commit",
] as const;

export type Death = (typeof DEATHS)[number];

/** What the fixture says last. */
export function diesAt(death: Death): string {
  return `dies at: ${death}`;
}
