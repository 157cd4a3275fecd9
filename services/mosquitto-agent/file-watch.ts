import { createHash } from "node:crypto";
import { readFile } from "node:fs/promises";

/**
 * Notices when files have other contents than before. Contents, not inodes: a kubelet replaces a Secret's files by
 * moving a symbolic link (https://kubernetes.io/docs/concepts/configuration/secret/#mounted-secrets-are-updated-automatically),
 * which watchers of single files miss.
 */
export class FileWatch {
  readonly #paths: readonly string[];
  #known: string | undefined;

  constructor(paths: readonly string[]) {
    this.#paths = paths;
  }

  /**
   * Whether the files differ from those at the last {@link accept}; true before the first.
   *
   * @throws when one cannot be read: it says which.
   */
  async hasChanged(): Promise<boolean> {
    return (await this.#read()) !== this.#known;
  }

  /** From now on these contents are the known ones. */
  async accept(): Promise<void> {
    this.#known = await this.#read();
  }

  /** Everything counts as changed again. */
  forget(): void {
    this.#known = undefined;
  }

  async #read(): Promise<string> {
    const hash = createHash("sha256");
    for (const path of this.#paths) hash.update(`${path}\0`).update(await readFile(path));
    return hash.digest("hex");
  }
}
