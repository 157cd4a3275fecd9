/**
 * Replaces what stands between `<!-- generated: NAME -->` and `<!-- end -->` in a Markdown page.
 * Throws for a block without content to put there, and for content without a block.
 */
export function replaceBlocks(page: string, blocks: Readonly<Record<string, string>>): string {
  const used = new Set<string>();
  const replaced = page.replace(
    /(<!-- generated: (\S+) -->\n)[^]*?(<!-- end -->)/g,
    (_, open: string, name: string, close: string) => {
      const block = blocks[name];
      if (block === undefined) throw new Error(`nothing is generated for the block "${name}"`);
      used.add(name);
      return `${open}\n${block}\n${close}`;
    },
  );
  const missing = Object.keys(blocks).filter((name) => !used.has(name));
  if (missing.length > 0) throw new Error(`the page has no block for ${missing.join(", ")}`);
  return replaced;
}
