// The button with this key prints the page; what of it is printed, the style sheet says.

export default function ({ data }) {
  const print = (event) => {
    if (event.target.closest?.(`.st-key-${data.button} button`)) window.print();
  };
  window.addEventListener("click", print);
  return () => window.removeEventListener("click", print);
}
