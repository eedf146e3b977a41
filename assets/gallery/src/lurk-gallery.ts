/** The script of pages with a gallery: leaves the function that draws into `<lurk-gallery>`, and defines the photo's dialog. */
import { LurkPhoto } from "./elements/photo";
import { Gallery } from "./gallery/gallery";

if (!customElements.get("lurk-photo")) customElements.define("lurk-photo", LurkPhoto);

window.lurkDrawGallery = (element, data, base, signal) => {
  const { key = "", suffix = "/" } = element.dataset;
  new Gallery({ element, data, base, key, suffix, signal }).start();
};
