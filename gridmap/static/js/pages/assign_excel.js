// The page on which assignments come and go as a workbook.
import "../page.js";
import "../assign/excel.js";
