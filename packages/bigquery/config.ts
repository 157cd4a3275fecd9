/**
 * Tells Google's authentication library not to look for a metadata server: off Google Cloud it only costs a second and
 * a warning. The library reads this variable and has no other switch.
 */
export function skipMetadataServer(): void {
  process.env.METADATA_SERVER_DETECTION ??= "none";
}
