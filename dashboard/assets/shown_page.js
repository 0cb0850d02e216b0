// Tells the scripts in the page's head which page is shown, and which there are.
export default function ({ data }) {
  window.vplPage = data;
}
