import { runService } from "#runtime";
import { readCommandLine } from "./config.ts";
import { startWriter } from "./service.ts";

const command = readCommandLine();
if (command.kind === "help") process.stdout.write(command.text);
else
  await runService({
    name: "bq-writer",
    config: () => command.load(),
    readsArguments: true,
    start: (context) => startWriter(context),
  });
