/** What every chart is: a node, and a way to show other data in it. */

export interface Chart<Data, ChartNode extends Element> {
  node: ChartNode;
  /** Show other data: elements that stay keep their place in the page. */
  update(data: Data): void;
}
