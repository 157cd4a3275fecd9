import { readFileSync } from "node:fs";
import { z } from "zod";
import { boolean, loadConfig, text, type Environment } from "#runtime";

const REFERENCE = /^[a-z0-9.-]+(:\d+)?(\/[a-z0-9._-]+)+(:(?!latest$)[A-Za-z0-9._-]+|@sha256:[0-9a-f]{64})$/;
const reference = (): z.ZodType<string, string> =>
  text("a full image reference with a tag other than `latest`, or a digest", REFERENCE);

const PACKAGE = new URL("../package.json", import.meta.url);

/** The image's tag, as `make image` chooses it too. */
export const { version } = JSON.parse(readFileSync(PACKAGE, "utf8")) as { version: string };

/** What `make manifests` takes. */
export const chartSchema = z.object({
  IMAGE: reference()
    .default(`localhost/smart-home-bridge:${version}`)
    .describe("The image of all programs in the portable set; as `make image` names it."),
  PROJECT: text("a Google Cloud project id", /^[a-z][a-z0-9-]{4,28}[a-z0-9]$/)
    .default("my-project")
    .describe("Google Cloud project of the set for GKE: of BigQuery, and of the image."),
  REGION: text("a region or multi-region in lower case", /^[a-z]+(-[a-z]+\d+)?$/)
    .default("europe-west1")
    .describe("Region of the set for GKE: of BigQuery's dataset, and of the image."),
  DEVICE_HOST: text("a DNS name", /^[a-z0-9]([a-z0-9-]*[a-z0-9])?(\.[a-z0-9]([a-z0-9-]*[a-z0-9])?)+$/)
    .optional()
    .describe("Name by which devices outside of the cluster reach the broker; goes into its certificate."),
  GKE_IMAGE: reference().optional().describe("The image in the set for GKE, if it is not in that project."),
  WRITE: boolean().default(false).describe("Or `--write`: write the files, instead of saying which are out of date."),
});

export type ChartInputs = z.output<typeof chartSchema>;

/**
 * `remembered`: what was given the time before; it holds where nothing is given now, so that whoever names only what is to
 * change does not take the rest back.
 *
 * @throws ConfigError with every problem.
 */
export function readInputs(
  environment: Environment = process.env,
  args: readonly string[] = [],
  remembered: Environment = {},
): ChartInputs {
  const given = Object.entries(environment).filter(([, value]) => value !== undefined && value !== "");
  return loadConfig(
    chartSchema,
    { ...remembered, ...Object.fromEntries(given) },
    { args, flags: { write: { variable: "WRITE", type: "boolean" } } },
  ).config;
}
