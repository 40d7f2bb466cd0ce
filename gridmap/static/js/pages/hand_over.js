// The page on which everything that one person holds goes to others.
import "../page.js";
import "../assign/hand_over.js";
