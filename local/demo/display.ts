import { createLogUpdate } from "log-update";
import type { DemoDisplay } from "./demo.ts";
import { liveLine, liveTable } from "./live-table.ts";

const WHERE_TO_LOOK = `
  In another terminal:
    make sql                     ask BigQuery: a prompt, or QUERY="SELECT …"
    make tail TOPIC=readings     see the records in Kafka as they come; also dead-letters
`;

/** For a terminal: steps as lines, then one table that is drawn again. */
export function terminalDisplay(output: NodeJS.WriteStream): DemoDisplay {
  const draw = createLogUpdate(output);
  let isDrawn = false;
  const line = (text: string): void => {
    if (isDrawn) draw.done();
    isDrawn = false;
    output.write(`  ${text}\n`);
  };
  return {
    step: (text) => line(`${text} …`),
    note: line,
    running: () => void output.write(`${WHERE_TO_LOOK}\n`),
    look: (now, before, elapsedMs) => {
      draw(liveTable({ now, before, elapsedMs }));
      isDrawn = true;
    },
  };
}

/** For a log or a pipe: lines only. */
export function plainDisplay(output: NodeJS.WritableStream): DemoDisplay {
  return {
    step: (text) => void output.write(`  ${text} …\n`),
    note: (text) => void output.write(`  ${text}\n`),
    running: () => void output.write(`${WHERE_TO_LOOK}\n`),
    look: (now, before, elapsedMs) => void output.write(`  ${liveLine({ now, before, elapsedMs })}\n`),
  };
}
