/** A rule for zod's `refine`: two variables that make sense only with each other. */
export function together<A extends string, B extends string>(
  a: A,
  b: B,
): [(config: Readonly<Partial<Record<A | B, unknown>>>) => boolean, { readonly message: string }] {
  return [
    (config) => (config[a] === undefined) === (config[b] === undefined),
    { message: `${a} and ${b} belong together: set both or none` },
  ];
}
