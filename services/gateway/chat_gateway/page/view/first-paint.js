// Runs before anything is drawn, so that a chosen theme does not flash. A classic script for that reason.
try {
  const theme = JSON.parse(localStorage.getItem("chatcluster.theme"));
  if (theme === "light" || theme === "dark") document.documentElement.dataset.theme = theme;
} catch {
  // No storage: the system's theme.
}
