import { readInputs } from "../../config.ts";
import { gke } from "../../profiles/gke.ts";
import { portable } from "../../profiles/portable.ts";

/** Both sets, with the committed inputs. */
export const portableProfile = portable(readInputs({}));
export const gkeProfile = gke(readInputs({}));
