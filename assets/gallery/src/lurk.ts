/** The script of every page: defines the custom elements that pages hold, once however often it runs. What draws is loaded on demand. */
import { noteHostColours } from "./draw/host";
import { LurkGallery } from "./elements/gallery";
import { LurkMap } from "./elements/map";

const ELEMENTS = { "lurk-gallery": LurkGallery, "lurk-map": LurkMap };

noteHostColours();
for (const [name, element] of Object.entries(ELEMENTS)) {
  if (!customElements.get(name)) customElements.define(name, element);
}
