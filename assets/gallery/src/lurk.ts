/** The script of every page: defines the custom elements, once however often it runs. */
import "./shared";
import { LurkGallery } from "./elements/gallery";
import { LurkMap } from "./elements/map";
import { LurkPhoto } from "./elements/photo";

const ELEMENTS = { "lurk-gallery": LurkGallery, "lurk-map": LurkMap, "lurk-photo": LurkPhoto };

for (const [name, element] of Object.entries(ELEMENTS)) {
  if (!customElements.get(name)) customElements.define(name, element);
}
