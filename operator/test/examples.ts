/** The examples of `docs/sensorfleet.md`. */
import { readFileSync } from "node:fs";
import { parse } from "yaml";

export interface Example {
  readonly name: string;
  readonly manifest: {
    readonly metadata: { readonly name: string };
    readonly spec?: Readonly<Record<string, unknown>>;
  };
}

const PAGE = readFileSync(new URL("../../docs/sensorfleet.md", import.meta.url), "utf8");

export const examples: readonly Example[] = [...PAGE.matchAll(/```yaml\n([^]*?)```/g)].map(([, text = ""]) => {
  const manifest = parse(text, { stringKeys: true }) as Example["manifest"];
  return { name: manifest.metadata.name, manifest };
});
