/** The bundle of pages with a map. */
window.lurkDrawMap = () => undefined;

export {};
