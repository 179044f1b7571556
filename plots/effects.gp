# Effects against the baseline with their intervals: a row a metric, a mark an arm.
DATA = ARG2; OUT = ARG3; FORMAT = ARG4
load ARG1

top = 92 - up; bottom = 62; from = edge_left(left)
if (narrow) { left = 26 }
longest = 6	# of the labels, "-0.00005%" is a long one
do for [i = 1:n_series] {
	stats DATA index FIRST + i - 1 using \
		(longest = strlen(strcol(5)) > longest ? strlen(strcol(5)) : longest, 0) nooutput
}
right = 20 + 10 * longest
array PLACE[512]
do for [i = 1:n_series] {
	PLACE[i] = i - 1
	LEGEND[i] = SERIES_NAME[i]
	x = legend_x(i); y = legend_y(i, 68)
	top = 92 - up + 18 * legend_line(i)
	set label 100 + i SERIES_NAME[i] at screen px(x + 14), screen y \
		left tc rgb INK font points(12)
	set label 200 + i "" at screen px(x + 4), screen y \
		point pt shape(SERIES_COLOUR[i]) ps 0.8 lc rgb rgb(SERIES_RGB[i])
}
# On a narrow page a row's name stands above its marks, else beside the axis.
low = narrow ? 0.04 : -0.28
high = narrow ? 0.38 : 0.28
at(i) = n_series > 1 ? low + PLACE[i] * (high - low) / (n_series - 1) : (low + high) / 2
set lmargin at screen px(left)
set rmargin at screen 1 - px(right)
set tmargin at screen 1 - py(top)
set bmargin at screen py(bottom)
if (value_log) { set logscale x 10 }
set xrange [value_min:value_max]
set yrange [n_rows - 0.5:-0.5]
set xtics scale 0 nomirror (); set ytics scale 0 nomirror ()
if (narrow) { unset ytics }
do for [i = 1:n_rows] {
	if (narrow) {
		set object 300 + i rectangle from screen px(2), first i - 1.5 \
			to screen 1 - px(2), first i - 1.07 front fs solid noborder fc rgb 0xffffff
		set label 300 + i strlen(ROW[i]) > 52 ? broken(ROW[i]) : ROW[i] \
			at screen px(from), first i - 1.26 left front tc rgb SOFT font points(11)
	} else { set ytics add (esc(broken(ROW[i])) i - 1) }
}
do for [i = 1:n_ticks] { set xtics add (esc(TICK_NAME[i]) TICK[i]) }
set grid xtics lt 1 lw 1 lc rgb GRID
set xlabel value_title tc rgb SOFT
set arrow 1 from 1, graph 0 to 1, graph 1 nohead lw 1.4 lc rgb SOFT back
do for [i = 1:n_rows - 1] {
	set arrow 1 + i from graph 0, first i - 0.5 to graph 1, first i - 0.5 \
		nohead lw 0.6 lc rgb GRID back
}
plot for [i = 1:n_series] DATA index FIRST + i - 1 \
	using 2:($1 + at(i)):3:4 with xerrorbars pt 0 lw 1.8 lc rgb rgb(SERIES_RGB[i]), \
     for [i = 1:n_series] DATA index FIRST + i - 1 \
	using 2:($1 + at(i)) with points pt shape(SERIES_COLOUR[i]) ps 0.8 \
	lc rgb rgb(SERIES_RGB[i]), \
     for [i = 1:n_series] DATA index FIRST + i - 1 \
	using ($4 > value_max ? $2 : NaN):($1 + at(i)):(value_max - $2):(0) \
	with vectors filled head size screen px(9), 20 lw 1.8 lc rgb rgb(SERIES_RGB[i]), \
     for [i = 1:n_series] DATA index FIRST + i - 1 \
	using ($3 < value_min ? $2 : NaN):($1 + at(i)):(value_min - $2):(0) \
	with vectors filled head size screen px(9), 20 lw 1.8 lc rgb rgb(SERIES_RGB[i]), \
     for [i = 1:n_series] DATA index FIRST + i - 1 \
	using (value_max):($1 + at(i)):5 with labels left offset 0.6, 0 \
	tc rgb rgb(SERIES_RGB[i]) font points(11)
