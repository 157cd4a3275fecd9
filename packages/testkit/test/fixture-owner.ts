/** Starts a server and prints its pid and directory, then waits to be killed or to exit by itself. */
import { ServerProcess, temporaryDirectory } from "#testkit";

const directory = temporaryDirectory("fixture");
const server = await ServerProcess.start({
  name: "fixture",
  command: "sleep",
  args: ["600"],
  directory,
  isTemporary: true,
  isReady: () => true,
});
console.log(JSON.stringify({ pid: server.pid, directory }));
process.stdin.once("data", () => process.exit(1));
