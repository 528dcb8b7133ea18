// The texts whose contrast with their ground is below WCAG AA's 4.5, with their contrast.
(() => {
  const rgb = (text) => (text.match(/[\d.]+/g) ?? []).map(Number);
  const linear = (v) => (v <= 0.03928 ? v / 12.92 : ((v + 0.055) / 1.055) ** 2.4);
  const light = ([r, g, b]) =>
    [r, g, b].map((v) => linear(v / 255)).reduce((sum, v, n) => sum + v * [0.2126, 0.7152, 0.0722][n], 0);
  const ground = (e) => {
    for (; e; e = e.parentElement) {
      const colour = rgb(getComputedStyle(e).backgroundColor);
      if (colour.length === 3 || colour[3] === 1) return colour;
    }
    return [255, 255, 255];
  };
  return [...document.querySelectorAll('h1,h2,p,li,dt,dd,label,button,small,.line .end')]
    .filter(e => e.checkVisibility() && !e.disabled && e.textContent.trim() !== '')
    .map(e => {
      const [a, b] = [light(rgb(getComputedStyle(e).color)), light(ground(e))].sort((x, y) => y - x);
      return [(a + 0.05) / (b + 0.05), e.textContent.trim().slice(0, 40)];
    })
    .filter(([contrast]) => contrast < 4.5);
})()
