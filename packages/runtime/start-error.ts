/**
 * Why a program cannot start, in one sentence for the person who started it, with the way out. `runService` prints the
 * sentence alone and exits. What was thrown is the cause.
 */
export class StartError extends Error {
  override readonly name = "StartError";
}

/** What a listener was told, by the names under which a person set it. */
export interface ListenSettings {
  readonly portName: string;
  readonly hostName: string;
  readonly host: string;
  readonly port: number;
}

/** Says why a listener cannot have its address; an error that is about something else is given back as it is. */
export function listenError(settings: ListenSettings, thrown: unknown): unknown {
  const problem = listenProblem(settings, (thrown as { code?: string } | undefined)?.code);
  return problem === undefined ? thrown : new StartError(problem, { cause: thrown });
}

function listenProblem(
  { portName, hostName, host, port }: ListenSettings,
  code: string | undefined,
): string | undefined {
  switch (code) {
    case "EADDRINUSE":
      return `${portName} ${port}: another process listens there; stop it, or choose another port (0: any free one)`;
    case "EACCES":
      return `${portName} ${port}: no permission to listen there; choose a port above 1023`;
    case "EADDRNOTAVAIL":
    case "ENOTFOUND":
      return `${hostName} ${host}: this machine has no such address; leave it out, or give 0.0.0.0`;
    default:
      return undefined;
  }
}
