import { isDeepStrictEqual } from "node:util";
import { CONFIG_MAP, pathOf, type KubeApi } from "#kubernetes";
import { parseRequestHeaderConfig, type RequestHeaderConfig } from "./request-header.ts";

const PATH = pathOf(CONFIG_MAP, "kube-system", "extension-apiserver-authentication");

/** The last good request-header configuration of the cluster; it changes when certificate authorities are renewed. */
export class RequestHeaderWatch {
  readonly #api: Pick<KubeApi, "call">;
  #current: RequestHeaderConfig | undefined;

  constructor(api: Pick<KubeApi, "call">) {
    this.#api = api;
  }

  get current(): RequestHeaderConfig | undefined {
    return this.#current;
  }

  /**
   * Asks once; true if it is another one now.
   *
   * @throws KubeError or Error: the configuration before stays the current one.
   */
  async read(): Promise<boolean> {
    const { data } = await this.#api.call<{ data?: Record<string, string> }>({ method: "GET", path: PATH });
    const read = parseRequestHeaderConfig(data);
    if (isDeepStrictEqual(read, this.#current)) return false;
    this.#current = read;
    return true;
  }
}
