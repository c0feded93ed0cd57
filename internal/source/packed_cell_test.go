package source

import (
	"encoding/binary"
	"fmt"
	"math/rand/v2"
	"strconv"
	"testing"
)

// A number in PostgreSQL's own form is the float64 that its decimals are, to the last bit.
func TestNumericIsTheFloatOfItsDecimals(t *testing.T) {
	rnd := rand.New(rand.NewPCG(1, 2))
	for range 200_000 {
		var digits []byte
		text := ""
		for range 1 + rnd.IntN(6) {
			d := uint16(rnd.IntN(10000))
			digits = binary.BigEndian.AppendUint16(digits, d)
			text += fmt.Sprintf("%04d", d)
		}
		power := 4 * (rnd.IntN(30) - 15)
		want, err := strconv.ParseFloat(text+"e"+strconv.Itoa(power), 64)
		if err != nil {
			t.Fatal(err)
		}
		if got := numericFloat(digits, power); got != want {
			t.Fatalf("%se%d is %v, not %v", text, power, want, got)
		}
	}
}
