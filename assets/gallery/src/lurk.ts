/** The script of every page: defines the custom elements that pages hold, once however often it runs. What draws is loaded on demand. */
import { mendLinksFromDisk } from "./disk";
import { noteHostColours } from "./draw/host";
import { LurkGallery } from "./elements/gallery";
import { LurkLive } from "./elements/live";
import { LurkMap } from "./elements/map";
import { LurkMatrix } from "./elements/matrix";
import { LurkNetwork } from "./elements/network";
import { LurkPhotos } from "./elements/photos";
import { LurkQuiz } from "./elements/quiz";

const ELEMENTS = {
  "lurk-gallery": LurkGallery,
  "lurk-live": LurkLive,
  "lurk-map": LurkMap,
  "lurk-matrix": LurkMatrix,
  "lurk-network": LurkNetwork,
  "lurk-photos": LurkPhotos,
  "lurk-quiz": LurkQuiz,
};

noteHostColours();
for (const [name, element] of Object.entries(ELEMENTS)) {
  if (!customElements.get(name)) customElements.define(name, element);
}
mendLinksFromDisk(document);
