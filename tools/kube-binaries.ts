import { kubeBinaries } from "../packages/testkit/kube-binaries.ts";

/** Before the tests of the project `cluster`, outside of their time limits: builds what they need, where it is missing. */
export default async function setup(): Promise<void> {
  await kubeBinaries((step) => process.stderr.write(`  ${step} …\n`));
}
