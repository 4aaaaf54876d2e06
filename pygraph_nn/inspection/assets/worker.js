// Runs after Viz.js in a worker: first says what nodes there are (fast at any size), then lays the graph out.
onmessage = async ({ data: text }) => {
  try {
    // Graphviz knows the widths of one font by its name, not of a list of fonts: the first of them is meant.
    const dot = text.replace(/(\bfontname\s*=\s*"[^",]+),[^"]*"/g, '$1"');
    const viz = await Viz.instance();
    // "nop2" places nothing: it sizes the nodes, and complains that they have no position, which is no error here.
    const sized = viz.renderFormats(dot, ["json0"], { engine: "nop2" });
    if (sized.status !== "success") {
      const said = sized.errors.map((error) => error.message).join("; ");
      postMessage({ kind: "error", message: said || "the graph cannot be read" });
      return;
    }
    postMessage({ kind: "sized", json: sized.output.json0 });
    const drawn = viz.renderFormats(dot, ["svg"], { engine: "dot" });
    if (drawn.status === "success") postMessage({ kind: "drawn", svg: drawn.output.svg });
    else postMessage({ kind: "error", message: drawn.errors.map((error) => error.message).join("; ") });
  } catch (error) {
    postMessage({ kind: "error", message: String(error) });
  }
};
