# What all figures share: the terminal, the facts of the data file, colours.
# A script is called as
#
#	gnuplot -c plots/<shape>.gp plots/style.gp data/<figure>.dat OUT svg|png
#
# and begins with naming DATA, OUT and FORMAT, then `load ARG1`. No text of the
# data file is ever evaluated or taken for markup.

set encoding utf8

title = ""; subtitle = ""; value_title = ""; x_title = ""
width = 720; height = 400; n_panels = 1; n_rows = 0; n_series = 0
value_min = 0; value_max = 1; value_log = 0; x_min = 0; x_max = 1; x_log = 0
left = 150; right = 138
stats DATA index 0 using (title = strcol(1), subtitle = strcol(2), \
	value_title = strcol(3), x_title = strcol(4), width = $5, height = $6, \
	n_panels = int($7), n_rows = int($8), n_series = int($9), \
	value_min = $10, value_max = $11, value_log = int($12), \
	x_min = $13, x_max = $14, x_log = int($15), \
	left = $16, right = $17, 0) nooutput

array PANEL[64]; array ROW[256]; array TICK[16]; array TICK_NAME[16]
array XTICK[16]; array XTICK_NAME[16]
array SERIES_PANEL[512]; array SERIES_COLOUR[512]; array SERIES_AT[512]
array SERIES_NAME[512]; array SERIES_RGB[512]
n_ticks = 0; n_xticks = 0
stats DATA index 1 using (PANEL[int($0) + 1] = strcol(2), 0) nooutput
stats DATA index 2 using (ROW[int($0) + 1] = strcol(2), 0) nooutput
stats DATA index 3 using (n_ticks = int($0) + 1, TICK[n_ticks] = $1, \
	TICK_NAME[n_ticks] = strcol(2), 0) nooutput
stats DATA index 4 using (n_xticks = int($0) + 1, XTICK[n_xticks] = $1, \
	XTICK_NAME[n_xticks] = strcol(2), 0) nooutput
stats DATA index 5 using (i = int($0) + 1, SERIES_PANEL[i] = int($1), \
	SERIES_COLOUR[i] = int($2), SERIES_AT[i] = $3, \
	SERIES_NAME[i] = strcol(4), SERIES_RGB[i] = strcol(5), 0) nooutput
FIRST = 6			# index of the first series' block
BOOTS = FIRST + n_series	# and of the first one's boots

# rgb() of "#0072b2"
rgb(s) = int("0x" . s[2:7])
# The label of a tick is a format: a % must be doubled.
esc(s) = strstrt(s, "%") == 0 ? s : \
	s[1:strstrt(s, "%")] . "%" . esc(s[strstrt(s, "%") + 1:*])
# The cell above, the metric below.
broken(s) = strstrt(s, " ") == 0 ? s : \
	s[1:strstrt(s, " ") - 1] . "\n" . s[strstrt(s, " ") + 1:*]
# Shapes tell arms apart without colour.
shape(c) = word("7 5 9 13 11 15 3", c % 7 + 1) + 0

# Distances from the edges in points, as screen coordinates.
px(v) = v / (1.0 * width)
py(v) = v / (1.0 * height)
# A narrow page has the titles itself: all else moves up, from the edge.
narrow = width < 500
up = narrow ? 46 : 0
edge_left(wide) = narrow ? 14 : wide
# Where entry i of a legend begins, in points: names side by side, from `from`, in a
# further line where one has no room; and which line that is.
from = 0
legend_width(i) = 34 + 8.4 * strlen(LEGEND[i])
legend_at(i) = i <= 1 ? 0 : (legend_end = legend_at(i - 1) + legend_width(i - 1), \
	from + legend_end + legend_width(i) > width + 20 ? 0 : legend_end)
legend_line(i) = i <= 1 ? 0 : legend_line(i - 1) + (legend_at(i) == 0)
legend_x(i) = from + legend_at(i)
legend_y(i, first) = 1 - py(first - up + 18 * legend_line(i))
array LEGEND[64]
do for [i = 1:64] { LEGEND[i] = "" }
# Is series i the first of its colour? Its name then stands in the legend.
array LEADS[512]; array OF_COLOUR[128]
do for [i = 1:128] { OF_COLOUR[i] = 0 }
do for [i = 1:n_series] {
	c = SERIES_COLOUR[i] % 128
	LEADS[i] = OF_COLOUR[c + 1] == 0
	OF_COLOUR[c + 1] = 1
}

INK = 0x22262b; SOFT = 0x6b727b; GRID = 0xe3e6e9

# Sizes of letters are those of the SVG, where 13 is what the terminal's own font has.
of_13 = FORMAT eq "png" ? 9.8 : FORMAT eq "pdf" ? 9.5 : 13
points(size) = sprintf(",%g", size * of_13 / 13)
if (FORMAT eq "png") {
	set terminal pngcairo size 2 * width, 2 * height fontscale 2 \
		linewidth 2 pointscale 2 noenhanced font "DejaVu Sans,9.8" \
		background rgb "white"
} else { if (FORMAT eq "pdf") {
	set terminal pdfcairo size width / 100.0, height / 100.0 noenhanced \
		font "Helvetica,9.5" background rgb "white"
} else {
	set terminal svg size width, height dynamic noenhanced \
		font "Helvetica,Arial,DejaVu Sans,sans-serif,13" \
		background rgb "white"
} }
if (OUT ne "-") { set output OUT }	# else to stdout

set label 1 title at screen px(18), screen 1 - py(24) left front \
	tc rgb INK font points(15)
set label 2 subtitle at screen px(18), screen 1 - py(45) left front \
	tc rgb SOFT font points(12)
set border 0
set key off
set tics scale 0 textcolor rgb SOFT
