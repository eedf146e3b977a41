/** The bundle of pages with a map: hands the drawing to `<lurk-map>`, which waits for it. */
import { NetworkMap } from "./map/map";

window.lurkDrawMap = (element, data, base, signal) => {
  const map = new NetworkMap(data, base, element.dataset.suffix ?? "/", signal);
  element.replaceChildren(map.node);
  map.start();
};
