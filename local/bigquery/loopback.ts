/** The address that everything listens on unless it is told otherwise. */
export const LOOPBACK = "127.0.0.1";

/** Whether an address can be reached from this machine only. */
export function isLoopback(host: string): boolean {
  return /^(127(\.\d{1,3}){3}|::1|localhost)$/.test(host);
}
