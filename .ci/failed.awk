# What the tests that failed have said, out of the output of `go test -v`: each
# test by itself, whole unless it is very long, and their names at the end. Of
# a package that was not built, crashed or ran out of time it is what was said
# outside of tests, and by those that did not come to their end.

BEGIN { most = 60 } # lines at the beginning of a test's output, and at its end

function keep(test, line) {
	if (!(test in count)) order[++tests] = test
	said[test, ++count[test]] = line
}

function show(test,   i, n) {
	if (test != "") printf "\n=== %s\n", test
	n = count[test]
	for (i = 1; i <= n; i++) {
		if (i == most + 1 && n > 2 * most) {
			printf "    ... %d lines ...\n", n - 2 * most
			i = n - most + 1
		}
		print said[test, i]
	}
}

function name(what) { names[++total] = "  " what }

/^=== (RUN|PAUSE|CONT|NAME) / {
	test = $3
	building = ""
	next
}

/^ *--- (PASS|SKIP): / { over[$3]; next }

/^ *--- FAIL: / {
	over[$3]
	verdict[$3] = $0
	failed[++failures] = $3
	if (/^---/) test = $3 # a panic is told behind it
	next
}

/^# / && test == "" { building = $2 } # until the first package is tested

/^(ok  |\?   |FAIL)\t/ {
	building = ""
	if ($1 == "FAIL") {
		printf "\n==> %s\n", $0
		for (i = 1; i <= compiled[$2]; i++) print compiler[$2, i]
		for (i = 1; i <= tests; i++) {
			if (!(order[i] in over) || order[i] in verdict) show(order[i])
			if (order[i] in verdict) print verdict[order[i]]
		}
		for (i = 1; i <= failures; i++) name($2 " " failed[i])
		if (failures == 0) name($2)
	}
	delete order; delete count; delete said; delete over; delete verdict; delete failed
	tests = failures = 0
	test = ""
	next
}

/^(PASS|FAIL)$/ { next }

/^\trunning tests:$/ { running = 1 } # when the time was up
running && /^\t\t/ { failed[++failures] = $1 " (out of time)" }
running && /^$/ { running = 0 }

building != "" { compiler[building, ++compiled[building]] = $0; next }

{ keep(test, $0) }

END {
	printf "\nfailed:\n"
	for (i = 1; i <= total; i++) print names[i]
}
