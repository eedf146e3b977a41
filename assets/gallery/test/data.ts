/** Small complete records, as the data scripts hold them. */
import type { FilterColumns, Graph, GraphGroup, GraphNode, LayerData, ModelLayer } from "../src/data/schema";

/** Columns of so many filters without any results. */
export function columns(count: number, more: Partial<FilterColumns> = {}): FilterColumns {
  const column = <T>(value: T): T[] => Array.from({ length: count }, () => value);
  const indices = Array.from({ length: count }, (_, index) => index);
  return {
    index: indices,
    name: column(null),
    max: column(null),
    avg: column(null),
    ratio: column(null),
    selectivity: column(null),
    label: column(null),
    label_r: column(null),
    effect: column(null),
    polysemanticity: column(null),
    best_class: column(-1),
    dead: column(0),
    duplicate: column(-1),
    crop: column(null),
    synthesis: column(null),
    average: column(null),
    order: indices,
    responders: {},
    ...more,
  };
}

/** The data script of a layer of so many filters. */
export function layerData(filters: FilterColumns, more: Partial<LayerData> = {}): LayerData {
  const count = filters.index.length;
  return {
    model: "net",
    layer: {
      name: "conv.0",
      slug: "conv.0",
      kind: "Conv2d",
      filters: count,
      output: [count, 4, 4],
      parameters: 27 * count,
      macs: 432 * count,
      receptive_field: { size: [3, 3], status: "exact" },
      field_note: null,
      jump: [1, 1],
      results: "conv.0/results.json",
      chosen: "all",
      title: "Conv",
    },
    previous: null,
    next: null,
    addresses: {},
    titles: {},
    labels: ["hen", "zebra"],
    top_k: 4,
    gradient: "guided",
    input_size: [8, 8],
    chunk: 100,
    chunks: ["filters-0.js", "filters-1.js"],
    filters,
    sheets: ["tiles-0.webp"],
    ...more,
  };
}

/** A layer of a model, as the map has it. */
export function modelLayer(name: string, more: Partial<ModelLayer> = {}): ModelLayer {
  return {
    name,
    slug: name,
    title: name,
    kind: "Conv2d",
    filters: 8,
    output: [8, 4, 4],
    parameters: 0,
    macs: 0,
    field: { size: [3, 3], status: "exact", note: null },
    strip: [],
    ...more,
  };
}

/** A node of a graph. */
export function graphNode(id: number, type = "Conv2d", more: Partial<GraphNode> = {}): GraphNode {
  return { id, type, name: type, parent: null, output: [8, 4, 4], ...more };
}

/** A stem, then residual blocks of two convolutions each, with norm and ReLU between them. */
export function residualGraph(blocks: number): { graph: Graph; layers: ModelLayer[] } {
  const nodes: GraphNode[] = [];
  const edges: [number, number][] = [];
  const layers: ModelLayer[] = [];
  const groups: GraphGroup[] = [{ id: "body", parent: null, name: "body", type: "Sequential" }];
  const add = (type: string, parent: string | null, sources: number[], layer?: string) => {
    const id = nodes.length;
    nodes.push(graphNode(id, type, { parent, ...(layer ? { layer } : {}) }));
    for (const source of sources) edges.push([source, id]);
    if (layer) layers.push(modelLayer(layer));
    return id;
  };
  let last = add("Conv2d", null, [add("input", null, [])], "stem");
  for (let at = 0; at < blocks; at += 1) {
    const name = `body.${at}`;
    groups.push({ id: name, parent: "body", name, type: "Block" });
    const first = add("ReLU", name, [add("BatchNorm2d", name, [add("Conv2d", name, [last], `${name}.a`)])]);
    const second = add("Conv2d", name, [first], `${name}.b`);
    last = add("ReLU", name, [add("add", name, [second, last])]);
  }
  add("Linear", null, [last]);
  return { graph: { nodes, edges, groups }, layers };
}
