// Sets the chosen colours before the first paint. A classic script on purpose: a module would run too late.
try {
  const theme = localStorage.getItem("lakewire-demo/theme");
  if (theme === "light" || theme === "dark") document.documentElement.dataset.theme = theme;
} catch {
  // Storage refused: the system's preference it is.
}
