// Plays the session's worker. It answers on two channels: what the page posted goes to the test, what the test says goes
// to the page. It also draws: a picture whose every pixel tells where it is, a desktop to look at, plain video frames.
const out = new BroadcastChannel("test-sent");
const order = new BroadcastChannel("test-orders");
let surfaces = null;
const writers = [];
onmessage = ({ data }) => {
  if (data.kind === "surfaces") {
    surfaces = data.surfaces;
    out.postMessage({ kind: "surfaces", videos: surfaces.videos.length });
  } else out.postMessage(data);
};
order.onmessage = ({ data }) => {
  if (data.draw) draw(...data.draw);
  else if (data.film) film(...data.film);
  else {
    if (data.rgba) data.rgba = new Uint8Array(data.rgba);
    postMessage(data);
  }
};
function draw(width, height, kind) {
  const { canvas } = surfaces;
  canvas.width = width;
  canvas.height = height;
  const context = canvas.getContext("2d", { alpha: false });
  const image = new ImageData(width, height);
  const pixels = new Uint32Array(image.data.buffer);
  for (let y = 0; y < height; y++) for (let x = 0; x < width; x++) {
    pixels[y * width + x] = (0xff000000 | ((x ^ y) & 255) << 16 | (y * 3 & 255) << 8 | (x * 5 & 255)) >>> 0;
  }
  if (kind === "desktop") return desktop(context, width, height);
  context.putImageData(image, 0, 0);
}
function desktop(context, width, height) {
  const window = (x, y, w, h, title) => {
    context.fillStyle = "#fbfaf8"; context.fillRect(x, y, w, h);
    context.fillStyle = "#3a4a52"; context.fillRect(x, y, w, 28);
    context.fillStyle = "#fff"; context.font = "13px sans-serif"; context.fillText(title, x + 12, y + 19);
  };
  const sky = context.createLinearGradient(0, 0, width, height);
  sky.addColorStop(0, "#2b5876"); sky.addColorStop(1, "#4e4376");
  context.fillStyle = sky; context.fillRect(0, 0, width, height);
  context.fillStyle = "#1c2529"; context.fillRect(0, height - 36, width, 36);
  window(width * 0.08, height * 0.12, width * 0.5, height * 0.6, "notes.txt");
  context.fillStyle = "#222"; context.font = "15px monospace";
  const lines = [
    "Farhand lets a person see, operate and look",
    "after a computer that is somewhere else.",
    "",
    "- sharp text",
    "- smooth film",
    "- nobody in between can read a byte",
  ];
  lines.forEach((text, n) => context.fillText(text, width * 0.1, height * 0.12 + 60 + n * 24));
  window(width * 0.5, height * 0.35, width * 0.42, height * 0.5, "Terminal");
  context.fillStyle = "#10181c"; context.fillRect(width * 0.5, height * 0.35 + 28, width * 0.42, height * 0.5 - 28);
  context.fillStyle = "#8fd8c0"; context.fillText("$ farhand up", width * 0.5 + 14, height * 0.35 + 58);
}
function film(layer, width, height, colour) {
  writers[layer] ??= surfaces.videos[layer].getWriter();
  const pixels = new Uint32Array(width * height).fill(colour);
  const timestamp = performance.now() * 1000;
  writers[layer].write(new VideoFrame(pixels, { format: "BGRX", codedWidth: width, codedHeight: height, timestamp }));
}
