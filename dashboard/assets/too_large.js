// Streamlit's field refuses a file beyond its limit by itself, with a sign and no word to the app; here the app is told
// how large it was.

export default function ({ data, parentElement, setTriggerValue }) {
  const heard = parentElement.vplHeard;
  for (const kind of ["change", "drop"]) window.removeEventListener(kind, heard, true);
  parentElement.vplHeard = (event) => {
    if (!event.target.closest?.(`.st-key-${data.field}`)) return;
    const files = event.type === "drop" ? event.dataTransfer?.files : event.target.files;
    const largest = Math.max(0, ...Array.from(files ?? [], (file) => file.size));
    if (largest > data.limit) setTriggerValue("bytes", largest);
  };
  for (const kind of ["change", "drop"]) window.addEventListener(kind, parentElement.vplHeard, true);
  return () => {
    for (const kind of ["change", "drop"]) window.removeEventListener(kind, parentElement.vplHeard, true);
  };
}
