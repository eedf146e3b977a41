/** What the pages' other scripts take from this bundle rather than bundle again: the packages that build.mjs lists as shared. */
import * as color from "d3-color";
import * as interpolate from "d3-interpolate";
import * as selection from "d3-selection";

declare global {
  interface Window {
    lurkPackages?: Record<string, object>;
  }
}

window.lurkPackages = { "d3-color": color, "d3-interpolate": interpolate, "d3-selection": selection };
