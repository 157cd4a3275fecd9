const REQUIRED_MAJOR = 24;

/** Stops a test run under an old Node with the way out, instead of failing in the first `.ts` import. */
export default function checkNode(): void {
  const major = Number(process.versions.node.split(".")[0]);
  if (major >= REQUIRED_MAJOR) return;
  throw new Error(
    `Node ${String(REQUIRED_MAJOR)} is needed, this is ${process.version}. ` +
      "Run through npm (`make test`, `npm test`, `npx vitest`): it puts the Node 24 from node_modules first in PATH.",
  );
}
