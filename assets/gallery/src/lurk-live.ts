/** The script of pages on which a network runs: leaves the function that draws into `<lurk-live>`. */
import { Live } from "./live/live";

const script = document.currentScript instanceof HTMLScriptElement ? document.currentScript.src : document.baseURI;

window.lurkDrawLive = (element, data, base, signal) =>
  new Live({ element, data, base, signal, scripts: new URL("./", script) }).start();
