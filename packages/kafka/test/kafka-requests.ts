import type { TcpProxy } from "#testkit";

/** Api keys of the steps of a takeover and a commit: https://kafka.apache.org/protocol#protocol_api_keys */
export const STEPS = {
  InitProducerId: 22,
  AddPartitionsToTxn: 24,
  AddOffsetsToTxn: 25,
  EndTxn: 26,
  TxnOffsetCommit: 28,
} as const;
export type Step = keyof typeof STEPS;

/** The api keys of the requests in a chunk, which holds whole requests: kafkajs writes each at once. */
function apiKeys(chunk: Buffer): number[] {
  const keys: number[] = [];
  for (let at = 0; at + 6 <= chunk.length; at += 4 + chunk.readInt32BE(at)) keys.push(chunk.readInt16BE(at + 4));
  return keys;
}

/** Calls back once, synchronously, before the next request of that kind goes on to the broker. */
export function onNextRequest(proxy: TcpProxy, step: Step, callback: () => void): void {
  proxy.onChunk = (direction, chunk) => {
    if (direction !== "toServer" || !apiKeys(chunk).includes(STEPS[step])) return;
    proxy.onChunk = undefined;
    callback();
  };
}

/** Lets the next request of that kind through and breaks all connections in place of its answer. */
export function loseAnswer(proxy: TcpProxy, step: Step): void {
  onNextRequest(proxy, step, () => {
    proxy.onChunk = (direction) => {
      if (direction !== "toClient") return;
      proxy.onChunk = undefined;
      proxy.breakConnections();
    };
  });
}
