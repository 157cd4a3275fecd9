/** Fields that are lists or maps. */
type Collections = Readonly<Record<string, readonly unknown[] | Readonly<Record<string, unknown>>>>;

/**
 * Only the fields that hold something. The API server drops empty lists and maps, so an apply of the same manifest would
 * find a difference for ever, and say "configured" where nothing has changed.
 */
export function filled<Fields extends Collections>(fields: Fields): Partial<Fields> {
  return Object.fromEntries(
    Object.entries(fields).filter(([, value]) => Object.keys(value).length > 0),
  ) as Partial<Fields>;
}
