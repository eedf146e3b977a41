/** The script of pages with a gallery or photos: leaves the functions that draw into `<lurk-gallery>` and `<lurk-photos>`, and defines the photo's dialog. */
import { LurkPhoto } from "./elements/photo";
import { Gallery } from "./gallery/gallery";
import { drawPhotos } from "./gallery/photo-page";

if (!customElements.get("lurk-photo")) customElements.define("lurk-photo", LurkPhoto);

window.lurkDrawGallery = (element, data, base, signal) => {
  const { key = "", suffix = "/" } = element.dataset;
  new Gallery({ element, data, base, key, suffix, signal }).start();
};

window.lurkDrawPhotos = (element, value, base, signal) => drawPhotos(element, { value, base }, signal);
