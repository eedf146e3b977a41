/** The script of pages with a map: leaves the function that draws into `<lurk-map>`, which waits for it. */
import { NetworkMap } from "./map/map";

window.lurkDrawMap = (element, data, base, signal) => {
  const map = new NetworkMap({ data, base, suffix: element.dataset.suffix ?? "/", signal });
  element.replaceChildren(map.node);
  map.start();
};
