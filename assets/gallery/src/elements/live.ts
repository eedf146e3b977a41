/** `<lurk-live data-src data-key [data-suffix]>`: a network that runs in the browser, drawn by a script that is loaded only for it. */
import type { LiveData } from "../data/schema";
import type { Draw } from "./drawing";
import { DrawnElement } from "./drawn";

export class LurkLive extends DrawnElement<LiveData> {
  protected readonly subject = "The network";
  protected readonly file = "live.js";
  protected readonly drawing = "lurkDrawLive";

  protected drawer(): Draw<LiveData> | undefined {
    return window.lurkDrawLive;
  }
}
